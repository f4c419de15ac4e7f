// The entry point `fapilog/plugins`.

export { loadPlugin } from './load.js'
export type { PluginMetadata, Reading as PluginPackage } from './manifest.js'
export {
  inspectPackage,
  PluginRegistry,
  type PluginRegistryOptions,
  type PluginRequest,
} from './registry.js'
export type { SettingsSchema } from './schema-check.js'
