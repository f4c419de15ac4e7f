'use strict'
// Loads the application's OpenTelemetry API when the setting `otel` asks for it.

exports.load = () => require('@opentelemetry/api')
