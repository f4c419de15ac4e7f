'use strict'
// Loads the application's OpenTelemetry API when the setting `otel` asks for it; undefined when it is not installed.
// Bundlers let a package be missing where `require` is called inside of `try`.

exports.load = () => {
  try {
    return require('@opentelemetry/api')
  } catch {
    return undefined
  }
}
