/** A name that nobody can guess: 192 random bits, as the server's own tokens have. It takes 64 characters at most. */
export const unguessable = () => crypto.getRandomValues(new BigUint64Array(3)).join("-");
