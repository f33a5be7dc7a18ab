/** Walking what the compiler made of a component. */

export interface Node {
  type: string;
  [key: string]: unknown;
}

/** Calls `visit` for every node in `value`, parents first. */
export function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  else if (typeof value === "object" && value !== null) {
    if ("type" in value && typeof value.type === "string") visit(value as Node);
    for (const [key, child] of Object.entries(value)) if (key !== "metadata") walk(child, visit);
  }
}
