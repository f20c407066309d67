/** Documents of the pages without typed documents. Part of the manifest of trusted documents. */
export const VIEWER = 'query Viewer { viewer { username } }';

export const SIGN_IN = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { account { id } } }';

export const SIGN_OUT = 'mutation SignOut { signOut { revokedSessionId } }';
