//! The key table (spec section 5): each field's short key, its full name, and what it may hold.

/// What a field may hold; [`super::value`] has the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An id or a name: one line.
    Label,
    /// A country.
    Country,
    /// A longer line: a user agent.
    Line,
    /// A text of the client's own, maybe of several lines.
    Free,
    /// An event's name.
    EventName,
    /// A whole number of 64 bits.
    Whole,
    /// Degrees, -90 to 90.
    Latitude,
    /// Degrees, -180 to 180.
    Longitude,
    /// Metres, 0 or more.
    Metres,
    /// True or false.
    Flag,
    /// A moment.
    Instant,
    /// Anything: it is not looked at.
    Ignored,
}

macro_rules! fields {
    ($($field:ident $short:literal $name:literal $kind:ident,)*) => {
        /// A field of the client's records.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(super) enum Field {
            $(#[doc = $name] $field,)*
        }

        impl Field {
            /// All of them, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$field,)*];

            /// Its short key.
            pub const fn short(self) -> &'static str {
                match self { $(Self::$field => $short,)* }
            }

            /// Its full name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }

            /// What it may hold.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$field => Kind::$kind,)* }
            }

            /// The field that a key stands for, and whether the key is its full name.
            pub fn from_key(key: &str) -> Option<(Self, Spelling)> {
                match key {
                    $($short => Some((Self::$field, Spelling::Short)),)*
                    $($name => Some((Self::$field, Spelling::Full)),)*
                    _ => None,
                }
            }
        }
    };
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// One or two letters, as the client does.
    Short,
    /// In full.
    Full,
}

fields! {
    CaptureId "a" "captureId" Label,
    SessionId "b" "sessionId" Label,
    TenantId "c" "tenantId" Label,
    SessionCreated "d" "sessionCreated" Instant,
    // A client does not know its own address; the peer's is stored.
    Ip "e" "ip" Ignored,
    Environment "f" "environment" Label,
    DataResidency "g" "dataResidency" Label,
    SpaceId "h" "spaceId" Label,
    AppId "i" "appId" Label,
    AppVersion "j" "appVersion" Label,
    InstallationId "k" "installationId" Label,
    InstallationVersion "l" "installationVersion" Label,
    Country "m" "country" Country,
    LocationAccuracy "n" "locationAccuracy" Metres,
    Latitude "o" "latitude" Latitude,
    Longitude "p" "longitude" Longitude,
    DeviceId "q" "deviceId" Label,
    ClientId "r" "clientId" Label,
    EventType "s" "eventType" EventName,
    EventTime "t" "eventTime" Instant,
    Interaction "u" "interaction" Flag,
    ProductId "v" "productId" Label,
    CategoryId "w" "categoryId" Label,
    Int1 "x" "int1" Whole,
    Int2 "y" "int2" Whole,
    Int3 "z" "int3" Whole,
    Int4 "aa" "int4" Whole,
    Int5 "ab" "int5" Whole,
    Str1 "ac" "str1" Free,
    Str2 "ad" "str2" Free,
    Str3 "ae" "str3" Free,
    Str4 "af" "str4" Free,
    Str5 "ag" "str5" Free,
    ClientCreated "ah" "clientCreated" Instant,
    ClientIp "ai" "clientIp" Label,
    ClientUserAgent "aj" "clientUserAgent" Line,
    ClientDeviceVendor "ak" "clientDeviceVendor" Label,
    ClientDeviceModel "al" "clientDeviceModel" Label,
    ClientDeviceType "am" "clientDeviceType" Label,
    ClientOsName "an" "clientOsName" Label,
    ClientOsVersion "ao" "clientOsVersion" Label,
    ClientBrowserName "ap" "clientBrowserName" Label,
    ClientBrowserVersion "aq" "clientBrowserVersion" Label,
    ClientBrowserMajor "ar" "clientBrowserMajor" Label,
    ClientBrowserEngine "as" "clientBrowserEngine" Label,
    ClientBrowserEngineVersion "at" "clientBrowserEngineVersion" Label,
    ClientCpuArchitecture "au" "clientCpuArchitecture" Label,
    ClientScreenWidth "av" "clientScreenWidth" Whole,
    ClientScreenHeight "aw" "clientScreenHeight" Whole,
    ClientScreenColorDepth "ax" "clientScreenColorDepth" Whole,
    ClientScreenPixelDepth "ay" "clientScreenPixelDepth" Whole,
    Stateful "ba" "stateful" Flag,
    Public "bb" "public" Whole,
}
