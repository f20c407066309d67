/** `graphql(...)` types documents and variables by schema.graphql. Fragments are marked `@_unmask`. */
import { initGraphQLTada } from 'gql.tada';
import type { introspection } from '#schema';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    ByteCount: number;
    DataURI: string;
    DateTime: string;
    HexColor: string;
    ID: string;
    JSON: unknown;
    URL: string;
    Upload: File;
  };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from 'gql.tada';
