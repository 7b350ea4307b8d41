/** All columns of the table `events`, in the order in which an opened event shows them. */
export const EVENT_COLUMNS = [
  'event_name', 'category', 'priority', 'event_time', 'received_at', 'event_id', 'project_id', 'session_id', 'user_id',
  'client_id', 'page_url', 'referrer', 'country', 'ip', 'user_agent', 'app_id', 'environment', 'data_residency', 'space_id',
  'device_id', 'installation_id', 'capture_id', 'product_id', 'category_id', 'interaction', 'stateful', 'public',
  'int1', 'int2', 'int3', 'int4', 'int5', 'str1', 'str2', 'str3', 'str4', 'str5', 'properties',
] as const;
