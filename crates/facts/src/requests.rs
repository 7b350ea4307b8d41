//! `requests`: API requests that a gateway has answered (seed 004, spec section 7).

use crate::columns::{Flag, Instant, Int, Label, Labels, Text};
use crate::table::{Table, table};

table! {
    /// One request. The default row carries nothing.
    #[derive(Default)]
    row Request, columns RequestColumns, table Table::Requests, in requests;
    required {
        /// Whose it is: the gateway's organization.
        tenant_id: Label,
        /// The part of the tenant it belongs to.
        project_id: Label,
        /// The sender's id, or the server's when it sent none.
        request_id: Text,
        /// True when the server made `request_id`: such an id is never repeated, so it is not remembered.
        id_assigned: Flag,
        /// When the gateway answered it (`timestamp` on the wire).
        event_time: Instant,
        /// When the server took it in.
        received_at: Instant,
        /// The gateway's id of the API.
        api_id: Label,
        /// The endpoint.
        path: Label,
    }
    optional {
        /// HTTP method.
        method: Label,
        /// The host asked for.
        host: Label,
        /// The path before the gateway's rewriting.
        raw_path: Text,
        /// HTTP status; -1 is network statistics, not a hit.
        response_code: Int,
        /// The key's hash, as the gateway sends it.
        api_key: Label,
        /// The key's alias.
        alias: Label,
        /// OAuth client.
        oauth_id: Label,
        /// The API's name.
        api_name: Label,
        /// The API's version.
        api_version: Label,
        /// Milliseconds.
        request_time: Int,
        /// Milliseconds, whole.
        latency_total: Int,
        /// Milliseconds, of the service behind.
        latency_upstream: Int,
        /// Milliseconds, of the gateway itself.
        latency_gateway: Int,
        /// The peer's address.
        ip: Label,
        /// ISO 3166 country code.
        country: Label,
        /// The gateway's tags.
        tags: Labels,
        /// The client's user agent.
        user_agent: Label,
        /// Bytes.
        content_length: Int,
        /// Bytes.
        bytes_in: Int,
        /// Bytes.
        bytes_out: Int,
        /// Network statistics of the gateway: connections open.
        open_connections: Int,
        /// Network statistics of the gateway: connections closed.
        closed_connections: Int,
        /// The gateway's own mark that the path is tracked.
        track_path: Flag,
    }
}
