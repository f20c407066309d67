// What relay-compiler reads. Where babel-plugin-relay runs, components hold these where they use them.
import { graphql } from 'relay-runtime';

graphql`
  query galleryQuery($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    album(id: $id) {
      id
      ...gallery_album @arguments(first: $first, after: $after, last: $last, before: $before)
    }
  }
`;

graphql`
  fragment gallery_album on Album
  @refetchable(queryName: "galleryRefetchQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    name
    images(first: $first, after: $after, last: $last, before: $before) @connection(key: "gallery_images") {
      edges { node { id filename } }
    }
  }
`;

graphql`
  mutation galleryUploadMutation($input: UploadImageInput!) {
    uploadImage(input: $input) { image { id size album { id imageCount } } }
  }
`;

graphql`
  mutation galleryCreateMutation($name: String!) {
    createAlbum(input: { name: $name }) { album { id name } }
  }
`;

graphql`
  mutation galleryRenameMutation($id: ID!, $name: String!) {
    updateAlbum(input: { id: $id, name: $name }) { album { id name } }
  }
`;

graphql`
  subscription gallerySubscription {
    events(types: [ALBUM_CREATED]) { id ... on AlbumCreatedEvent { album { name } } }
  }
`;
