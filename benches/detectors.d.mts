export function measure(
  detector: string,
  count?: number,
): Promise<{ found: number; missed: string[]; right: number; wrong: string[] }>
