/**
 * The four views that queries and SQL read: their columns, in the server's order. `schema.test.ts` holds this to the
 * server's own source.
 */
import type { Answer, Table } from '@tidegauge/client';

export type ColumnType = Answer['columns'][number]['type'];

export const TABLES: readonly Table[] = ['events', 'sessions', 'connections', 'requests'];

export const TABLE_LABELS: Record<Table, string> = {
  events: 'Events',
  sessions: 'Sessions',
  connections: 'Connections',
  requests: 'API requests',
};

/** Names alone are texts. */
const VIEWS: Record<Table, string> = {
  events: `project_id event_id event_time:timestamp received_at:timestamp event_name category priority properties
    session_id page_url referrer user_agent client_id user_id installation_id device_id space_id app_id environment
    data_residency country ip interaction:boolean capture_id product_id category_id int1:integer int2:integer
    int3:integer int4:integer int5:integer str1 str2 str3 str4 str5 stateful:boolean public:integer`,
  sessions: `project_id session_id event_time:timestamp received_at:timestamp capture_id ip environment data_residency
    country space_id app_id app_version installation_id installation_version device_id client_id user_id
    location_accuracy:number latitude:number longitude:number client_created:timestamp client_ip client_user_agent
    client_device_vendor client_device_model client_device_type client_os_name client_os_version client_browser_name
    client_browser_version client_browser_major client_browser_engine client_browser_engine_version
    client_cpu_architecture client_screen_width:integer client_screen_height:integer
    client_screen_color_depth:integer client_screen_pixel_depth:integer`,
  connections: `connection_id project_id service_name protocol_name data_center event_time:timestamp
    opened_at:timestamp closed_at:timestamp last_activity_at:timestamp is_open:boolean duration_seconds:number
    api_key_id user_id ip bytes_in:integer bytes_out:integer close_reason`,
  requests: `project_id request_id event_time:timestamp received_at:timestamp api_id path method host raw_path
    response_code:integer api_key alias oauth_id api_name api_version request_time:integer latency_total:integer
    latency_upstream:integer latency_gateway:integer ip country tags:list user_agent content_length:integer
    bytes_in:integer bytes_out:integer open_connections:integer closed_connections:integer track_path:boolean
    is_error:boolean`,
};

export interface SchemaColumn {
  name: string;
  type: ColumnType;
}

export const SCHEMA: Record<Table, readonly SchemaColumn[]> = {
  events: columns('events'),
  sessions: columns('sessions'),
  connections: columns('connections'),
  requests: columns('requests'),
};

function columns(table: Table): SchemaColumn[] {
  return VIEWS[table].split(/\s+/).map((text) => {
    const [name = '', type = 'string'] = text.split(':');
    return { name, type: type as ColumnType };
  });
}

/** The type of a view's column; a path into `properties` is text, which may be read as a number; null: there is none. */
export function columnType(table: Table, column: string): ColumnType | null {
  if (table === 'events' && column.startsWith('properties.') && column.length > 'properties.'.length) return 'string';
  return SCHEMA[table].find(({ name }) => name === column)?.type ?? null;
}

/** The names of all columns of these types, in whichever view. */
export function columnsOf(...types: ColumnType[]): ReadonlySet<string> {
  const all = TABLES.flatMap((table) => SCHEMA[table]);
  return new Set(all.filter(({ type }) => types.includes(type)).map(({ name }) => name));
}
