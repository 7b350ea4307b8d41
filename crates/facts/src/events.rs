//! `events`: what happened (seed 003's fields, and those that seed 002 reports).

use crate::columns::{Flag, Instant, Int, Label, Name, Named, Text};
use crate::table::{Table, table};

table! {
    /// One event.
    #[derive(Default)]
    row Event, columns EventColumns, table Table::Events, in events;
    required {
        /// Whose it is.
        tenant_id: Label,
        /// The part of the tenant it belongs to.
        project_id: Label,
        /// The client's id, or the server's when the client sent none.
        event_id: Text,
        /// True when the server made `event_id`: such an id is never repeated, so it is not remembered.
        id_assigned: Flag,
        /// The client's instant, or the server's when it sent none.
        event_time: Instant,
        /// When the server took it in.
        received_at: Instant,
        /// 1 to 100 characters; `eventType` in seed 002.
        event_name: Label,
        /// One of [`Category`].
        category: Name<Category>,
        /// One of [`Priority`].
        priority: Name<Priority>,
    }
    optional {
        /// A JSON object, as text.
        properties: Text,
        /// Joins the event to its session when read.
        session_id: Text,
        /// Where it happened.
        page_url: Text,
        /// Where the visitor came from.
        referrer: Label,
        /// The client's user agent.
        user_agent: Label,
        /// The client, as it names itself.
        client_id: Text,
        /// The person, as the platform names them.
        user_id: Text,
        /// Seed 002's `installationId`.
        installation_id: Label,
        /// Seed 002's `deviceId`.
        device_id: Label,
        /// Seed 002's `spaceId`.
        space_id: Label,
        /// Seed 002's `appId`.
        app_id: Label,
        /// Seed 002's `environment`.
        environment: Label,
        /// Seed 002's `dataResidency`.
        data_residency: Label,
        /// ISO 3166 country code.
        country: Label,
        /// The peer's address.
        ip: Label,
        /// Seed 002's `interaction`.
        interaction: Flag,
        /// Seed 002's `captureId`.
        capture_id: Text,
        /// Seed 002's `productId`.
        product_id: Label,
        /// Seed 002's `categoryId`.
        category_id: Label,
        /// A number of the client's own.
        int1: Int,
        /// A number of the client's own.
        int2: Int,
        /// A number of the client's own.
        int3: Int,
        /// A number of the client's own.
        int4: Int,
        /// A number of the client's own.
        int5: Int,
        /// A text of the client's own.
        str1: Text,
        /// A text of the client's own.
        str2: Text,
        /// A text of the client's own.
        str3: Text,
        /// A text of the client's own.
        str4: Text,
        /// A text of the client's own.
        str5: Text,
        /// Seed 002's `stateful`.
        stateful: Flag,
        /// Seed 002's `public`: an expiry in milliseconds.
        public: Int,
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])? $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = $text] $(#[$attr])? $variant,)*
        }

        impl $name {
            /// All of them, in the seed's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The wire's text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                Self::NAMES[self as usize]
            }

            /// The one of exactly this name.
            #[must_use]
            pub fn from_name(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl Named for $name {
            const NAMES: &'static [&'static str] = &[$($text,)*];

            fn code(self) -> u8 {
                self as u8
            }

            fn from_name(text: &str) -> Option<Self> {
                Self::from_name(text)
            }
        }
    };
}

names! {
    /// What kind of event (seed 003).
    Category {
        PageView = "page_view",
        #[default] UserAction = "user_action",
        Trading = "trading",
        Auth = "auth",
        Error = "error",
        Performance = "performance",
        Feature = "feature",
        System = "system",
    }
}

names! {
    /// How urgent (seed 003).
    Priority {
        Low = "low",
        #[default] Medium = "medium",
        High = "high",
        Critical = "critical",
    }
}
