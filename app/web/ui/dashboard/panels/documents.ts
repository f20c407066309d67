import { IMAGE_CARD } from '../api/documents';
import { graphql, type ResultOf, type VariablesOf } from '../api/graphql';

// Playground

export const SOURCE = graphql(
  `
    fragment Source on Image @_unmask {
      ...ImageCard
      format
      size
    }
  `,
  [IMAGE_CARD],
);
export type Source = ResultOf<typeof SOURCE>;

export const SOURCES = graphql(
  `
    query Sources {
      images(first: 24) {
        nodes {
          ...Source
        }
      }
      presets {
        name
        canonical
      }
    }
  `,
  [SOURCE],
);

export const SOURCE_BY_ID = graphql(
  `
    query SourceById($id: ID!) {
      image(id: $id) {
        ...Source
      }
    }
  `,
  [SOURCE],
);

export const TRY_TRANSFORM = graphql(`
  query TryTransform($id: ID!, $transform: TransformInput!, $url: String!) {
    image(id: $id) {
      variant(transform: $transform) {
        url
        width
        height
        format
      }
    }
    explainTransform(url: $url) {
      isOriginal
      parameters {
        name
        value
      }
      warnings {
        parameter
        message
      }
    }
  }
`);
export type Transform = VariablesOf<typeof TRY_TRANSFORM>['transform'];
export type TransformResult = ResultOf<typeof TRY_TRANSFORM>;

// API tokens

export const TOKEN = graphql(`
  fragment Token on ApiToken @_unmask {
    id
    name
    hint
    scopes
    createdAt
    lastUsedAt
    expiresAt
    album {
      id
      name
    }
  }
`);
export type Token = ResultOf<typeof TOKEN>;

export const TOKENS = graphql(
  `
    query Tokens($after: String) {
      viewer {
        id
        apiTokens(first: 50, after: $after) {
          nodes {
            ...Token
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    }
  `,
  [TOKEN],
);

export const CREATE_TOKEN = graphql(
  `
    mutation CreateToken($input: CreateApiTokenInput!) {
      createApiToken(input: $input) {
        apiToken {
          ...Token
        }
        text
        uploaders {
          name
          title
          filename
          mediaType
          content
          steps {
            en
            zh
          }
        }
      }
    }
  `,
  [TOKEN],
);
export type NewToken = ResultOf<typeof CREATE_TOKEN>['createApiToken'];
export type Uploader = NewToken['uploaders'][number];

export const REVOKE_TOKEN = graphql(`
  mutation RevokeToken($id: ID!) {
    revokeApiToken(input: { id: $id }) {
      revokedApiTokenId
    }
  }
`);

// Webhooks

export const WEBHOOK = graphql(`
  fragment WebhookFacts on Webhook @_unmask {
    id
    url
    description
    events
    isActive
    disabledReason
    createdAt
  }
`);
export type Webhook = ResultOf<typeof WEBHOOK>;

export const WEBHOOKS = graphql(
  `
    query Webhooks($after: String) {
      webhooks(first: 50, after: $after) {
        nodes {
          ...WebhookFacts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [WEBHOOK],
);

export const DELIVERY = graphql(`
  fragment DeliveryFacts on Delivery @_unmask {
    id
    status
    nextAttemptAt
    createdAt
    event {
      id
      type
      occurredAt
    }
    attempts {
      at
      durationMs
      outcome
      statusCode
      reason
      responseExcerpt
    }
  }
`);
export type Delivery = ResultOf<typeof DELIVERY>;

export const WEBHOOK_DETAILS = graphql(
  `
    query WebhookDetails($id: ID!, $first: Int!, $status: DeliveryStatus) {
      webhook(id: $id) {
        ...WebhookFacts
        deliveries(first: $first, status: $status) {
          nodes {
            ...DeliveryFacts
          }
          pageInfo {
            hasNextPage
          }
        }
      }
    }
  `,
  [WEBHOOK, DELIVERY],
);

export const CREATE_WEBHOOK = graphql(
  `
    mutation CreateWebhook($input: CreateWebhookInput!) {
      createWebhook(input: $input) {
        webhook {
          ...WebhookFacts
        }
        secret
      }
    }
  `,
  [WEBHOOK],
);

export const UPDATE_WEBHOOK = graphql(
  `
    mutation UpdateWebhook($input: UpdateWebhookInput!) {
      updateWebhook(input: $input) {
        webhook {
          ...WebhookFacts
        }
      }
    }
  `,
  [WEBHOOK],
);

export const ROTATE_SECRET = graphql(`
  mutation RotateSecret($id: ID!) {
    rotateWebhookSecret(input: { id: $id }) {
      secret
    }
  }
`);

export const PING = graphql(`
  mutation Ping($id: ID!) {
    pingWebhook(input: { id: $id }) {
      webhook {
        id
      }
    }
  }
`);

export const DELETE_WEBHOOK = graphql(`
  mutation DeleteWebhook($id: ID!) {
    deleteWebhook(input: { id: $id }) {
      deletedWebhookId
    }
  }
`);

export const REDELIVER = graphql(`
  mutation Redeliver($id: ID!) {
    redeliver(input: { deliveryId: $id }) {
      delivery {
        id
      }
    }
  }
`);

// Usage

export const USAGE = graphql(`
  query Usage {
    viewer {
      id
      username
      role
      createdAt
      usage {
        bytes
        images
        quota
        remaining
      }
      sessions {
        id
        userAgent
        createdAt
        lastUsedAt
        expiresAt
        isCurrent
      }
    }
    rateLimit {
      windows {
        policy
        limit
        remaining
        period
        resetAt
      }
      maxCost
    }
  }
`);
type UsageData = ResultOf<typeof USAGE>;
export type Viewer = NonNullable<UsageData['viewer']>;
export type Session = Viewer['sessions'][number];
export type Limits = UsageData['rateLimit'];

export const REVOKE_SESSION = graphql(`
  mutation RevokeSession($id: ID!) {
    revokeSession(input: { id: $id }) {
      revokedSessionId
    }
  }
`);

export const CHANGE_PASSWORD = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      account {
        id
      }
    }
  }
`);
