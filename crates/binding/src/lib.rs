//! Node-API binding of the pipeline.
