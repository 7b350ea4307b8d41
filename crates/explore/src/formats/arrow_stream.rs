//! Arrow's IPC stream.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;

use super::FormatError;

/// The stream.
pub(super) struct ArrowStream(StreamWriter<Vec<u8>>);

impl ArrowStream {
    pub fn new(schema: &SchemaRef) -> Result<Self, FormatError> {
        Ok(Self(StreamWriter::try_new(Vec::new(), schema)?))
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        Ok(self.0.write(batch)?)
    }

    pub fn end(&mut self) -> Result<(), FormatError> {
        Ok(self.0.finish()?)
    }

    pub fn written(&mut self) -> &mut Vec<u8> {
        self.0.get_mut()
    }
}
