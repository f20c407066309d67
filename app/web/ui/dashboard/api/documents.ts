/**
 * What several places ask for, and do. Documents stand in files of this name alone: all that these export is in the manifest
 * of what our own pages ask, which a server that runs trusted documents only goes by.
 */
import { graphql, type ResultOf } from './graphql';

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      id
      username
      role
    }
  }
`);

export const SIGN_IN = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      account {
        id
        username
        role
      }
    }
  }
`);

export const SIGN_UP = graphql(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      account {
        id
        username
        role
      }
    }
  }
`);

export const SIGN_OUT = graphql(`
  mutation SignOut {
    signOut {
      revokedSessionId
    }
  }
`);

export const IMAGE_CARD = graphql(`
  fragment ImageCard on Image @_unmask {
    id
    filename
    title
    width
    height
    isPublic
    placeholder
    srcSet(widths: [240, 480, 720], transform: { width: 240, height: 180, fit: COVER, format: WEBP })
    album {
      id
    }
    category {
      id
    }
  }
`);
export type ImageCard = ResultOf<typeof IMAGE_CARD>;

export const IMAGES = graphql(
  `
    query Images($first: Int!, $after: String, $filter: ImageFilter, $orderBy: ImageOrder) {
      images(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes {
          ...ImageCard
        }
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const MORE_IMAGES = graphql(
  `
    query MoreImages($first: Int!, $after: String, $filter: ImageFilter, $orderBy: ImageOrder) {
      images(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes {
          ...ImageCard
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const EARLIER_IMAGES = graphql(
  `
    query EarlierImages($last: Int!, $before: String, $filter: ImageFilter, $orderBy: ImageOrder) {
      images(last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
        nodes {
          ...ImageCard
        }
        pageInfo {
          hasPreviousPage
          startCursor
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const PASSED_IMAGES = graphql(`
  query PassedImages($first: Int!, $after: String, $filter: ImageFilter, $orderBy: ImageOrder) {
    images(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      nodes {
        id
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const EARLIER_PASSED_IMAGES = graphql(`
  query EarlierPassedImages($last: Int!, $before: String, $filter: ImageFilter, $orderBy: ImageOrder) {
    images(last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      nodes {
        id
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
`);

export const IMAGES_BY_ID = graphql(
  `
    query ImagesById($ids: [ID!]!) {
      nodes(ids: $ids) {
        __typename
        ... on Image {
          ...ImageCard
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const IMAGE_FACTS = graphql(
  `
    fragment ImageFacts on Image @_unmask {
      ...ImageCard
      description
      tags
      format
      size
      frames
      sha256
      dominantColor
      createdAt
      url
      preview: srcSet(widths: [480, 960, 1600], transform: { format: WEBP })
      album {
        id
        name
      }
      category {
        id
        name
      }
      links {
        url
        markdown
        html
        bbcode
      }
    }
  `,
  [IMAGE_CARD],
);
export type ImageFacts = ResultOf<typeof IMAGE_FACTS>;

export const IMAGE = graphql(
  `
    query Image($id: ID!) {
      image(id: $id) {
        ...ImageFacts
      }
    }
  `,
  [IMAGE_FACTS],
);

export const UPDATE_IMAGE = graphql(
  `
    mutation UpdateImage($input: UpdateImageInput!) {
      updateImage(input: $input) {
        image {
          ...ImageFacts
        }
      }
    }
  `,
  [IMAGE_FACTS],
);

export const UPLOAD_IMAGE = graphql(
  `
    mutation UploadImage($input: UploadImageInput!) {
      uploadImage(input: $input) {
        image {
          ...ImageCard
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const BEGIN_UPLOAD = graphql(`
  mutation BeginUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      upload {
        id
      }
    }
  }
`);

export const UPLOADED = graphql(
  `
    query Uploaded($id: ID!) {
      upload(id: $id) {
        image {
          ...ImageCard
        }
        error {
          code
          message
          details
          params
        }
      }
    }
  `,
  [IMAGE_CARD],
);

export const DELETE_IMAGES = graphql(`
  mutation DeleteImages($ids: [ID!]!) {
    deleteImages(input: { ids: $ids }) {
      results {
        id
        error {
          code
          message
          details
          params
        }
      }
    }
  }
`);

export const ALBUM_CARD = graphql(`
  fragment AlbumCard on Album @_unmask {
    id
    name
    description
    isPublic
    imageCount
    cover {
      id
      placeholder
      srcSet(widths: [240, 480, 720], transform: { width: 240, height: 180, fit: COVER, format: WEBP })
    }
  }
`);
export type AlbumCard = ResultOf<typeof ALBUM_CARD>;

export const ALBUMS = graphql(
  `
    query Albums($after: String) {
      albums(first: 50, after: $after) {
        nodes {
          ...AlbumCard
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [ALBUM_CARD],
);

export const ALBUM = graphql(
  `
    query Album($id: ID!) {
      album(id: $id) {
        ...AlbumCard
      }
    }
  `,
  [ALBUM_CARD],
);

export const CREATE_ALBUM = graphql(
  `
    mutation CreateAlbum($input: CreateAlbumInput!) {
      createAlbum(input: $input) {
        album {
          ...AlbumCard
        }
      }
    }
  `,
  [ALBUM_CARD],
);

export const UPDATE_ALBUM = graphql(
  `
    mutation UpdateAlbum($input: UpdateAlbumInput!) {
      updateAlbum(input: $input) {
        album {
          ...AlbumCard
        }
      }
    }
  `,
  [ALBUM_CARD],
);

export const DELETE_ALBUM = graphql(`
  mutation DeleteAlbum($input: DeleteAlbumInput!) {
    deleteAlbum(input: $input) {
      deletedAlbumId
    }
  }
`);

export const CATEGORY_CARD = graphql(`
  fragment CategoryCard on Category @_unmask {
    id
    name
    description
  }
`);
export type CategoryCard = ResultOf<typeof CATEGORY_CARD>;

export const CATEGORIES = graphql(
  `
    query Categories($after: String) {
      categories(first: 100, after: $after) {
        nodes {
          ...CategoryCard
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [CATEGORY_CARD],
);

export const CREATE_CATEGORY = graphql(
  `
    mutation CreateCategory($input: CreateCategoryInput!) {
      createCategory(input: $input) {
        category {
          ...CategoryCard
        }
      }
    }
  `,
  [CATEGORY_CARD],
);

export const UPDATE_CATEGORY = graphql(
  `
    mutation UpdateCategory($input: UpdateCategoryInput!) {
      updateCategory(input: $input) {
        category {
          ...CategoryCard
        }
      }
    }
  `,
  [CATEGORY_CARD],
);

export const DELETE_CATEGORY = graphql(`
  mutation DeleteCategory($id: ID!) {
    deleteCategory(input: { id: $id }) {
      deletedCategoryId
    }
  }
`);

export const ADD_TO_ALBUM = graphql(`
  mutation AddToAlbum($input: AddImagesToAlbumInput!) {
    addImagesToAlbum(input: $input) {
      album {
        id
        name
        isPublic
      }
    }
  }
`);

export const REMOVE_FROM_ALBUM = graphql(`
  mutation RemoveFromAlbum($input: RemoveImagesFromAlbumInput!) {
    removeImagesFromAlbum(input: $input) {
      album {
        id
      }
    }
  }
`);

export const LIVE = graphql(
  `
    subscription Live($after: String) {
      events(types: [IMAGE_UPLOADED, IMAGE_DELETED, ALBUM_CREATED, ALBUM_UPDATED], after: $after) {
        __typename
        cursor
        ... on ImageUploadedEvent {
          image {
            ...ImageCard
          }
        }
        ... on ImageDeletedEvent {
          imageId
        }
        ... on AlbumCreatedEvent {
          album {
            id
          }
        }
        ... on AlbumUpdatedEvent {
          album {
            id
          }
          imagesAdded
          imagesRemoved
        }
      }
    }
  `,
  [IMAGE_CARD],
);
export type LiveEvent = ResultOf<typeof LIVE>['events'];
