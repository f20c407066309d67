import type { introspection } from '#schema';

type Types = introspection['types'];

/** The values of an enum of schema.graphql. A table over them lacks none: that would be a type error. */
export type Enum<Name extends keyof Types> = Types[Name] extends { enumValues: infer Value extends string }
  ? Value
  : never;

/** The keys of a table, in its order. */
export function keys<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
