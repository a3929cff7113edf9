export type {
  Applicability,
  Catalogue,
  CatalogueEntry,
  CataloguePeer,
  CatalogueRule,
  EntityGrounding,
  GroundingStep,
  GroundingWay,
  KnownHost,
  WorkloadMatch,
} from './catalogue.ts';
export { type CatalogueReading, readCatalogueEntry } from './catalogue-reader.ts';
export { type NotEnforced, notEnforced } from './not-enforced.ts';
export { type Learning, type LearningOptions, propose } from './propose.ts';
