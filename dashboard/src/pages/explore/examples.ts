/** Statements to begin from. Each runs as it stands. */
export interface Example {
  title: string;
  sql: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    title: 'Events by hour, last day',
    sql: `SELECT date_trunc('hour', event_time) AS time, event_name, count(*) AS events
FROM events
WHERE event_time >= now() - INTERVAL '1 day'
GROUP BY 1, 2
ORDER BY 1`,
  },
  {
    title: 'Slowest endpoints this week',
    sql: `SELECT api_name, method, path,
       count(*) AS hits,
       approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_total) AS p95_ms
FROM requests
WHERE event_time >= now() - INTERVAL '7 days'
GROUP BY api_name, method, path
HAVING count(*) >= 100
ORDER BY p95_ms DESC
LIMIT 20`,
  },
  {
    title: 'Share of failed requests a day',
    sql: `SELECT date_trunc('day', event_time) AS time,
       count(*) FILTER (WHERE is_error) * 100.0 / count(*) AS error_percent
FROM requests
WHERE event_time >= now() - INTERVAL '30 days'
GROUP BY 1
ORDER BY 1`,
  },
  {
    title: 'What people do after a page view',
    sql: `WITH steps AS (
  SELECT event_name,
         lead(event_name) OVER (PARTITION BY session_id ORDER BY event_time) AS then_name
  FROM events
  WHERE session_id IS NOT NULL AND event_time >= now() - INTERVAL '1 day'
)
SELECT then_name, count(*) AS times
FROM steps
WHERE event_name = 'page_view' AND then_name IS NOT NULL
GROUP BY then_name
ORDER BY times DESC
LIMIT 20`,
  },
  {
    title: 'A value inside of properties',
    sql: `SELECT property(properties, 'currency') AS currency,
       event_name,
       count(*) AS events,
       sum(TRY_CAST(property(properties, 'amount') AS DOUBLE)) AS amount
FROM events
WHERE event_time >= now() - INTERVAL '7 days'
  AND property(properties, 'amount') IS NOT NULL
GROUP BY 1, 2
ORDER BY events DESC`,
  },
  {
    title: 'Longest connections',
    sql: `SELECT connection_id, service_name, protocol_name, opened_at, is_open, duration_seconds
FROM connections
ORDER BY duration_seconds DESC
LIMIT 50`,
  },
];

export const FIRST_SQL = EXAMPLES[0]!.sql;
