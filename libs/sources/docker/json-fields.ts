import { isJsonObject, type Json, type JsonObject } from '#model';

// Whatever the engine says, these give something of the right shape: what has another shape is absent.

const NOTHING: JsonObject = {};

export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : NOTHING;
}

export function textAt(object: JsonObject, key: string): string {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' ? value : '';
}

export function flagAt(object: JsonObject, key: string): boolean | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'boolean' ? value : undefined;
}

export function numberAt(object: JsonObject, key: string): number {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'number' ? value : 0;
}

/** The first so many texts of a list. */
export function textsAt(object: JsonObject, key: string, most: number): readonly string[] {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return Array.isArray(value) ? value.filter((each: Json): each is string => typeof each === 'string').slice(0, most) : [];
}

/** The first so many objects of a list. */
export function objectsIn(value: Json | undefined, most: number): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((each: Json): each is JsonObject => isJsonObject(each)).slice(0, most) : [];
}

/** The first so many entries of an object that are objects, in the order of their keys. */
export function entriesAt(object: JsonObject, key: string, most: number): readonly (readonly [string, JsonObject])[] {
  return Object.entries(objectAt(object, key))
    .filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, most);
}
