/** What pages without typed documents ask for. All of it is in the manifest of what our own pages ask. */
export const WHO_AM_I = 'query WhoAmI { viewer { username } }';

export const SIGN_IN = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { account { id } } }';

export const SIGN_OUT = 'mutation SignOut { signOut { revokedSessionId } }';
