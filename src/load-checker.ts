// Loads what checks settings, and zod with it, at the first use.

import settings from '../lazy/settings.cjs'

export const loadChecker = settings.load
