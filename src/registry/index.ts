// The entry point `fapilog/plugins`.

export type { PluginMetadata, Reading as PluginPackage } from './manifest.js'
export {
  inspectPackage,
  PluginRegistry,
  type PluginRegistryOptions,
  type PluginRequest,
} from './registry.js'
export type { SettingsSchema } from './schema-check.js'
