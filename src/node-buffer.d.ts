// Undocumented but stable since Node 0.x, and the fastest way to write a string into memory: the typed
// declarations of @types/node leave it out.
interface Buffer {
  utf8Write(string: string, offset?: number, length?: number): number
}
