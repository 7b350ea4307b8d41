//! Protobuf's wire format: a message is a run of numbered fields, read in place.
//!
//! Promise: no bytes make it panic, recurse or allocate. It knows the four wire types that `proto3` writes; groups,
//! which OTLP has none of, are malformed.

use super::span::Malformed;

/// The fields of a message, in the order in which they stand there.
#[derive(Debug, Clone)]
pub struct Fields<'a>(&'a [u8]);

/// A field's value, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<'a> {
    /// Whole numbers, flags, enums.
    Varint(u64),
    /// `fixed64`, `double`.
    Fixed64(u64),
    /// Text, bytes, messages.
    Bytes(&'a [u8]),
    /// `fixed32`, `float`.
    Fixed32(u32),
}

impl<'a> Fields<'a> {
    /// Of the message in these bytes.
    pub fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return None,
        };
        let number = key >> 3;
        // Field numbers have 29 bits, and 0 is none.
        (1..1 << 29).contains(&number).then_some((number, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // Of the tenth byte one bit is left of 64.
                return (shift < 63 || *byte <= 1).then_some(value);
            }
        }
        None
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            // What follows a fault has no meaning.
            self.0 = &[];
        }
        Some(field.ok_or_else(|| Malformed("the body is no protobuf message, or was cut".to_owned())))
    }
}

impl<'a> Wire<'a> {
    /// Of a field that is text, bytes or a message.
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(other_type()) }
    }

    /// Of a field that is a whole number or an enum.
    pub fn varint(self) -> Result<u64, Malformed> {
        if let Self::Varint(value) = self { Ok(value) } else { Err(other_type()) }
    }

    /// Of a field that is a `fixed64`.
    pub fn fixed64(self) -> Result<u64, Malformed> {
        if let Self::Fixed64(value) = self { Ok(value) } else { Err(other_type()) }
    }
}

fn other_type() -> Malformed {
    Malformed("a field has another type than an ExportTraceServiceRequest has there".to_owned())
}

/// Appends a field that is text, bytes or a message.
pub fn put_bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field that is a whole number.
pub fn put_number(out: &mut Vec<u8>, number: u8, value: u64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
