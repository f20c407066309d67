// What the types say is what tsc holds: a line after @ts-expect-error must be wrong.
import { graphql } from './gql';
import type { CreateAlbumInput, ImageFilter, TransformInput } from './gql/graphql';
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';

export const Gallery = graphql(`
  query Gallery($first: Int, $after: String, $filter: ImageFilter, $small: TransformInput!) {
    images(first: $first, after: $after, filter: $filter) {
      nodes { id title url width variant(transform: $small) { url width } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const Upload = graphql(`
  mutation Upload($input: UploadImageInput!) { uploadImage(input: $input) { image { id size createdAt } } }
`);

export const Create = graphql(`
  mutation Create($input: CreateAlbumInput!) { createAlbum(input: $input) { album { id } } }
`);

export const Events = graphql(`
  subscription Events { events { __typename id ... on ImageUploadedEvent { image { id } } } }
`);

// What may be left out may be left out, and has a default where the schema says one.
export const all: VariablesOf<typeof Gallery> = { small: { width: 320 } };
export const tagged: ImageFilter = { tag: 'sea' };
export const album: CreateAlbumInput = { name: 'Sea' };
export const sharp: TransformInput = { width: 320, format: 'WEBP' };
export const upload = (file: File): VariablesOf<typeof Upload> => ({ input: { file, albumId: null } });
// @ts-expect-error an album has a name
export const nameless: CreateAlbumInput = {};

export function widths({ images }: ResultOf<typeof Gallery>): number[] {
  return images.nodes.map(({ width, variant }) => width / variant.width);
}

export function title({ images }: ResultOf<typeof Gallery>): string {
  // @ts-expect-error a title may be null
  return images.nodes[0]!.title;
}

export function heard({ events }: ResultOf<typeof Events>): string | undefined {
  return events.__typename === 'ImageUploadedEvent' ? events.image?.id : undefined;
}

export const uploaded = ({ uploadImage: { image } }: ResultOf<typeof Upload>): [number, string] => [image.size, image.createdAt];
