'use strict'
// Loads dist/settings.cjs when it is needed. A literal `require` in CommonJS is what Node, bundlers and file
// tracers all understand, and the relative path to this file is the same from src/ and from dist/.

exports.load = () => require('../dist/settings.cjs')
