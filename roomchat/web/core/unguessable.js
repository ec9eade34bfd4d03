/** A name that nobody can guess: 192 random bits, as the server's own tokens have, in the 64 letters it takes. */
export const unguessable = () => crypto.getRandomValues(new BigUint64Array(3)).join("-");
