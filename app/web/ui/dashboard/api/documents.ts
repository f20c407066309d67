/**
 * Documents used by several pages. Only files of this name have documents: their exports make up the manifest of trusted
 * documents.
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

export const IMAGE_IDS = graphql(`
  query ImageIds($first: Int!, $after: String, $filter: ImageFilter, $orderBy: ImageOrder) {
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

export const EARLIER_IMAGE_IDS = graphql(`
  query EarlierImageIds($last: Int!, $before: String, $filter: ImageFilter, $orderBy: ImageOrder) {
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

export const IMAGE_DETAILS = graphql(
  `
    fragment ImageDetails on Image @_unmask {
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
export type ImageDetails = ResultOf<typeof IMAGE_DETAILS>;

export const IMAGE = graphql(
  `
    query Image($id: ID!) {
      image(id: $id) {
        ...ImageDetails
      }
    }
  `,
  [IMAGE_DETAILS],
);

export const UPDATE_IMAGE = graphql(
  `
    mutation UpdateImage($input: UpdateImageInput!) {
      updateImage(input: $input) {
        image {
          ...ImageDetails
        }
      }
    }
  `,
  [IMAGE_DETAILS],
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

export const CREATE_UPLOAD = graphql(`
  mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      upload {
        id
      }
    }
  }
`);

export const UPLOAD_RESULT = graphql(
  `
    query UploadResult($id: ID!) {
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

export const EVENTS = graphql(
  `
    subscription Events($after: String) {
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
export type ServerEvent = ResultOf<typeof EVENTS>['events'];
