/** A name that nobody can guess: 192 random bits, as the server's own tokens have; it takes 64 characters. */
export const unguessable = () => crypto.getRandomValues(new BigUint64Array(3)).join("-");
