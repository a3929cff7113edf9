export { CertificateAuthority, existingAuthority, openAuthority } from './certificate-authority.ts';
export type { KeyedCertificate } from './certificate-writer.ts';
export { ControllerCertificate } from './controller-certificate.ts';
export { CONTROLLER_NAME, isNodeName, nodeOfNames, plainSerial } from './node-identity.ts';
export { writePrivately } from './private-file.ts';
export { Revocations } from './revocations.ts';
