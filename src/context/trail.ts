// What ties kept events to the scope that they were logged in.

/** What was kept for one scope (see src/retroactive.ts): where its last record is. */
export class Trail {
  /** Position, counted in words since the beginning of all; -1 when there is none. */
  last = -1
}
