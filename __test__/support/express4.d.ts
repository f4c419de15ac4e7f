// Express 4 is installed beside 5, under another name and without types of its own.
declare module 'express4' {
  export { default } from 'express'
}
