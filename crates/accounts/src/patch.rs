//! Changes of settings as JSON says them: what is absent stays, null goes back to the default, a value is set.
//!
//! Promise: a name that is no setting's is refused, and so is a value out of bounds; nothing is half applied.

use serde::{Deserialize, Deserializer};

use crate::object::Object;

/// What a field that is there says: `Some(None)` is null.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The same of a whole group.
pub(crate) fn given_group<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let group = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(Some(group.map(|Object(group)| group)))
}

/// Declares a group of optional settings, and the patch that changes it.
macro_rules! with_patch {
    ($(#[$doc:meta])* $name:ident, $(#[$patch_doc:meta])* $patch:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
        }

        $(#[$patch_doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $patch {
            $(
                $(#[$field_doc])*
                #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
                pub $field: Option<Option<$type>>,
            )*
        }

        impl $patch {
            pub(crate) fn apply(self, to: &mut $name) {
                $(if let Some(value) = self.$field { to.$field = value; })*
            }
        }
    };
}
pub(crate) use with_patch;
