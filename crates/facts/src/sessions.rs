//! `sessions`: visits (seed 002), and what a client tells of itself (spec section 5's key table).

use crate::columns::{Float, Instant, Int, Label, Text};
use crate::table::{Table, table};

table! {
    /// One session, or one description of a client. The default row carries nothing.
    #[derive(Default)]
    row Session, columns SessionColumns, table Table::Sessions, in sessions;
    required {
        /// Whose it is.
        tenant_id: Label,
        /// The part of the tenant it belongs to.
        project_id: Label,
        /// The session's id; empty on a row that only describes a client.
        session_id: Text,
        /// Seed 002's `sessionCreated`.
        event_time: Instant,
        /// When the server took it in.
        received_at: Instant,
    }
    optional {
        /// Seed 002's `captureId`.
        capture_id: Text,
        /// The peer's address.
        ip: Label,
        /// Seed 002's `environment`.
        environment: Label,
        /// Seed 002's `dataResidency`.
        data_residency: Label,
        /// ISO 3166 country code.
        country: Label,
        /// Seed 002's `spaceId`.
        space_id: Label,
        /// Seed 002's `appId`.
        app_id: Label,
        /// Seed 002's `appVersion`.
        app_version: Label,
        /// Seed 002's `installationId`.
        installation_id: Label,
        /// Seed 002's `installationVersion`.
        installation_version: Label,
        /// Seed 002's `deviceId`.
        device_id: Label,
        /// Seed 002's `clientId`.
        client_id: Text,
        /// The person, as the platform names them.
        user_id: Text,
        /// Metres.
        location_accuracy: Float,
        /// Degrees.
        latitude: Float,
        /// Degrees.
        longitude: Float,
        /// When the client was first seen.
        client_created: Instant,
        /// The address the client saw of itself.
        client_ip: Label,
        /// The client's user agent.
        client_user_agent: Label,
        /// The device's maker.
        client_device_vendor: Label,
        /// The device's model.
        client_device_model: Label,
        /// The device's kind.
        client_device_type: Label,
        /// Operating system.
        client_os_name: Label,
        /// Operating system's version.
        client_os_version: Label,
        /// Browser.
        client_browser_name: Label,
        /// Browser's version.
        client_browser_version: Label,
        /// Browser's major version.
        client_browser_major: Label,
        /// Browser's engine.
        client_browser_engine: Label,
        /// Browser's engine's version.
        client_browser_engine_version: Label,
        /// Processor.
        client_cpu_architecture: Label,
        /// Pixels.
        client_screen_width: Int,
        /// Pixels.
        client_screen_height: Int,
        /// Bits.
        client_screen_color_depth: Int,
        /// Bits.
        client_screen_pixel_depth: Int,
    }
}
