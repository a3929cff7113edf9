/** What a URL scheme tells: the protocol spoken and, where the scheme has one, its default port. */
export interface Scheme {
  readonly application: string;
  readonly port?: number;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ['http', { application: 'http', port: 80 }],
  ['https', { application: 'https', port: 443 }],
  ['ws', { application: 'http', port: 80 }],
  ['wss', { application: 'https', port: 443 }],
  ['h2c', { application: 'http', port: 80 }],
  ['grpc', { application: 'grpc' }],
  ['grpcs', { application: 'grpc' }],
  ['postgres', { application: 'postgresql', port: 5432 }],
  ['postgresql', { application: 'postgresql', port: 5432 }],
  ['postgis', { application: 'postgresql', port: 5432 }],
  ['psql', { application: 'postgresql', port: 5432 }],
  ['timescaledb', { application: 'postgresql', port: 5432 }],
  ['cockroachdb', { application: 'postgresql', port: 26257 }],
  ['mysql', { application: 'mysql', port: 3306 }],
  ['mysqlx', { application: 'mysql', port: 33060 }],
  ['mysql2', { application: 'mysql', port: 3306 }],
  ['mariadb', { application: 'mysql', port: 3306 }],
  ['sqlserver', { application: 'mssql', port: 1433 }],
  ['mssql', { application: 'mssql', port: 1433 }],
  ['oracle', { application: 'oracle', port: 1521 }],
  ['db2', { application: 'db2', port: 50000 }],
  ['mongodb', { application: 'mongodb', port: 27017 }],
  ['mongo', { application: 'mongodb', port: 27017 }],
  ['mongodb+srv', { application: 'mongodb', port: 27017 }],
  ['redis', { application: 'redis', port: 6379 }],
  ['rediss', { application: 'redis', port: 6379 }],
  ['redis-sentinel', { application: 'redis', port: 26379 }],
  ['valkey', { application: 'redis', port: 6379 }],
  ['memcached', { application: 'memcached', port: 11211 }],
  ['memcache', { application: 'memcached', port: 11211 }],
  ['amqp', { application: 'amqp', port: 5672 }],
  ['amqps', { application: 'amqp', port: 5671 }],
  ['pyamqp', { application: 'amqp', port: 5672 }],
  ['rabbitmq', { application: 'amqp', port: 5672 }],
  ['kafka', { application: 'kafka', port: 9092 }],
  ['plaintext', { application: 'kafka', port: 9092 }],
  ['nats', { application: 'nats', port: 4222 }],
  ['stan', { application: 'nats', port: 4222 }],
  ['pulsar', { application: 'pulsar', port: 6650 }],
  ['mqtt', { application: 'mqtt', port: 1883 }],
  ['mqtts', { application: 'mqtt', port: 8883 }],
  ['stomp', { application: 'stomp', port: 61613 }],
  ['activemq', { application: 'openwire', port: 61616 }],
  ['ldap', { application: 'ldap', port: 389 }],
  ['ldaps', { application: 'ldap', port: 636 }],
  ['smtp', { application: 'smtp', port: 25 }],
  ['smtps', { application: 'smtp', port: 465 }],
  ['submission', { application: 'smtp', port: 587 }],
  ['imap', { application: 'imap', port: 143 }],
  ['imaps', { application: 'imap', port: 993 }],
  ['ftp', { application: 'ftp', port: 21 }],
  ['sftp', { application: 'ssh', port: 22 }],
  ['ssh', { application: 'ssh', port: 22 }],
  ['zk', { application: 'zookeeper', port: 2181 }],
  ['zookeeper', { application: 'zookeeper', port: 2181 }],
  ['hdfs', { application: 'hdfs', port: 8020 }],
  ['thrift', { application: 'thrift', port: 9083 }],
  ['hive2', { application: 'hive', port: 10000 }],
  ['presto', { application: 'http', port: 8080 }],
  ['trino', { application: 'http', port: 8080 }],
  ['spark', { application: 'spark', port: 7077 }],
  ['clickhouse', { application: 'clickhouse' }],
  ['ch', { application: 'clickhouse' }],
  ['cassandra', { application: 'cassandra', port: 9042 }],
  ['neo4j', { application: 'bolt', port: 7687 }],
  ['bolt', { application: 'bolt', port: 7687 }],
  ['influxdb', { application: 'http', port: 8086 }],
  ['elasticsearch', { application: 'http', port: 9200 }],
  ['couchbase', { application: 'couchbase', port: 11210 }],
  ['fcgi', { application: 'fastcgi', port: 9000 }],
  ['fastcgi', { application: 'fastcgi', port: 9000 }],
  ['uwsgi', { application: 'uwsgi' }],
  ['statsd', { application: 'statsd', port: 8125 }],
  ['syslog', { application: 'syslog', port: 514 }],
  ['nfs', { application: 'nfs', port: 2049 }],
  ['rtmp', { application: 'rtmp', port: 1935 }],
  ['rtsp', { application: 'rtsp', port: 554 }],
]);

/** Looks a scheme up; `postgresql+psycopg2` and `git+https` are read by the part that names the wire. */
export function schemeOf(scheme: string): Scheme | undefined {
  const whole = SCHEMES.get(scheme);
  if (whole !== undefined) return whole;
  for (const part of scheme.split(/[+:]/)) {
    const found = SCHEMES.get(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

// schemes whose "host" is a file, an image, an identity or a script
const NOT_A_HOST = new Set(['file', 'unix', 'unixs', 'unix-abstract', 'sqlite', 'sqlite3', 'classpath', 'oci', 'docker', 'docker-pullable', 'image', 'data', 'jar', 'spiffe', 'urn', 'arn', 's3', 's3a', 's3n', 'gs', 'gcs', 'azblob', 'abfs', 'wasb', 'inmemory', 'memory', 'mem', 'fd', 'npipe', 'vault', 'secret', 'secretref', 'ref', 'refs', 'k8s', 'awssm', 'gcpkms', 'awskms', 'env', 'app', 'chrome', 'about', 'mailto', 'javascript', 'cid', 'ms-appx', 'resource', 'bucket', 'containerd', 'cri-o', 'aws', 'gce', 'azure', 'kind', 'embed', 'asset', 'assets', 'local']);

/** Whether what follows `scheme://` can be a host at all. */
export function namesHost(scheme: string): boolean {
  return !NOT_A_HOST.has(scheme);
}
