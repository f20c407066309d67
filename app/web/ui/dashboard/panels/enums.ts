import type { introspection } from '#schema';

type Types = introspection['types'];

/** The values of an enum in schema.graphql. A table over them that lacks a value is a type error. */
export type Enum<Name extends keyof Types> = Types[Name] extends { enumValues: infer Value extends string }
  ? Value
  : never;

/** Return the keys of a table in its order. */
export function keys<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
