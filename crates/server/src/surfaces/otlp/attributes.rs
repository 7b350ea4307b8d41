//! The attributes that are known here, by their names of the semantic conventions: the stable ones and those before.

use std::borrow::Cow;

macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An attribute that is known here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Attribute {
            $($(#[$doc])* #[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Attribute {
            const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The attribute of exactly this name.
            pub fn named(name: &[u8]) -> Option<Self> {
                $(if name == $name.as_bytes() {
                    return Some(Self::$variant);
                })*
                None
            }
        }
    };
}

attributes! {
    ServiceName = "service.name",
    ServiceNamespace = "service.namespace",
    ServiceVersion = "service.version",

    HttpRequestMethod = "http.request.method",
    HttpMethod = "http.method",
    HttpResponseStatusCode = "http.response.status_code",
    HttpStatusCode = "http.status_code",
    HttpRoute = "http.route",
    UrlPath = "url.path",
    HttpTarget = "http.target",
    UrlFull = "url.full",
    HttpUrl = "http.url",
    ServerAddress = "server.address",
    NetHostName = "net.host.name",
    HttpHost = "http.host",
    HttpServerName = "http.server_name",
    ClientAddress = "client.address",
    HttpClientIp = "http.client_ip",
    NetworkPeerAddress = "network.peer.address",
    NetSockPeerAddr = "net.sock.peer.addr",
    NetPeerIp = "net.peer.ip",
    UserAgentOriginal = "user_agent.original",
    HttpUserAgent = "http.user_agent",
    HttpRequestBodySize = "http.request.body.size",
    HttpRequestContentLength = "http.request_content_length",
    HttpResponseBodySize = "http.response.body.size",
    HttpResponseContentLength = "http.response_content_length",
    GeoCountryIsoCode = "geo.country.iso_code",

    /// A key in clear text, to be hashed:
    ApiKey = "tidegauge.api_key",
    /// A key's hash:
    ApiKeyHash = "tidegauge.api_key_hash",
    /// The key's alias:
    Alias = "tidegauge.alias",
    /// The OAuth client:
    OauthId = "tidegauge.oauth_id",
}

impl Attribute {
    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `string_value`.
    Text(Cow<'a, str>),
    /// `int_value`.
    Int(i64),
    /// Anything else, text that is no UTF-8 included.
    Other,
}

/// The known attributes of a span or resource. Of a name that comes twice, the last counts.
#[derive(Debug)]
pub struct Attributes<'a>([Option<Value<'a>>; Attribute::NAMES.len()]);

impl Default for Attributes<'_> {
    fn default() -> Self {
        Self([const { None }; Attribute::NAMES.len()])
    }
}

impl<'a> Attributes<'a> {
    /// Sets one.
    pub fn set(&mut self, attribute: Attribute, value: Value<'a>) {
        self.0[attribute as usize] = Some(value);
    }

    /// The value of one.
    pub fn get(&self, attribute: Attribute) -> Option<&Value<'a>> {
        self.0[attribute as usize].as_ref()
    }

    /// The first of these that is there.
    pub fn first(&self, of: &[Attribute]) -> Option<(Attribute, &Value<'a>)> {
        of.iter().find_map(|attribute| Some((*attribute, self.get(*attribute)?)))
    }
}
