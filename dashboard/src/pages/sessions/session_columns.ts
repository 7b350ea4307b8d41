/** The columns of the table `sessions`, in the order in which they are shown. */
export const SESSION_COLUMNS = [
  'session_id', 'project_id', 'event_time', 'received_at', 'user_id', 'client_id', 'country', 'ip', 'app_id', 'app_version',
  'environment', 'data_residency', 'space_id', 'installation_id', 'installation_version', 'device_id', 'capture_id',
  'latitude', 'longitude', 'location_accuracy', 'client_created', 'client_ip', 'client_user_agent', 'client_device_type',
  'client_device_vendor', 'client_device_model', 'client_os_name', 'client_os_version', 'client_browser_name',
  'client_browser_version', 'client_browser_engine', 'client_cpu_architecture', 'client_screen_width',
  'client_screen_height',
] as const;

/** Those that events have no say in: with the columns that both have, sessions can be narrowed by them. */
const BOTH: readonly string[] = ['session_id', 'project_id', 'event_time', 'received_at', 'user_id', 'client_id', 'country', 'client_created'];
export const DESCRIBED: readonly string[] = SESSION_COLUMNS.filter((column) => !BOTH.includes(column));
