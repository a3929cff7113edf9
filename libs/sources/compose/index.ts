export { type ComposeFolder, type ComposeFolderOptions, readComposeFolder } from './compose-folder.ts';
