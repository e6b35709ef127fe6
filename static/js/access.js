// What somebody who is signed in may do. Pure; the server decides, this only keeps the page from offering what it would refuse.

import { freshName, isName } from './client-name.js';

/** @typedef {{ mode: 'none' | 'token' | 'jwt', signed_in: boolean, sub: string | null, roles: string[], clients: string[], expires_at: string | null }} Access  as the server tells it; null in the state where nobody has to say who they are */

const withSub = (pattern, { sub }) => pattern.replaceAll('{sub}', sub);
// The stars of the pattern alone are wildcards, not those of the name that is put in.
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const fits = (pattern, client, access) => new RegExp(`^${pattern.split('*').map((text) => escaped(withSub(text, access))).join('.*')}$`).test(client);

const has = (access, roles) => !access || access.roles.some((role) => roles.includes(role));

/** @param {Access | null} access */
export const mayUpload = (access) => has(access, ['uploader', 'admin']);

/** @param {Access | null} access @param {string} client */
export const mayWatch = (access, client) => has(access, ['viewer', 'uploader', 'admin']) && (!access || access.clients.some((pattern) => fits(pattern, client, access)));

/** Why nothing is shown; null where it is. @param {{ access: Access | null, client: string }} state @returns {'out' | 'denied' | null} */
export const shutOf = ({ access, client }) => (access && !access.signed_in ? 'out' : mayWatch(access, client) ? null : 'denied');

/** Clients that one may watch: of those known, then those that one's patterns name. @param {Access | null} access @param {string[]} known @returns {string[]} */
export const offered = (access, known) => [...new Set([...known, ...(access?.clients ?? []).map((pattern) => withSub(pattern, /** @type {Access} */ (access))).filter(isName)])].filter((client) => mayWatch(access, client));

/** A client that nobody watches yet; none where one's patterns leave no room for it. @param {Access | null} access */
export const freshClient = (access) => (access ? access.clients.filter((pattern) => pattern.includes('*')).map((pattern) => withSub(pattern.split('*').join('\n'), access)) : ['\n'])
	.map((pattern) => pattern.replace('\n', freshName()).replaceAll('\n', '').slice(0, 64)).find((name) => isName(name) && mayWatch(access, name));

/** The clients one may watch, in words. @param {Access} access */
export const patternsOf = (access) => access.clients.map((pattern) => withSub(pattern, access)).join(', ');
