/** What `sallyport help` prints. */
export const USAGE = `Usage: sallyport COMMAND [OPTIONS]

  run [-c gateway.yaml]      serve a configuration; SIGHUP reloads, SIGTERM drains, SIGUSR1 reopens logs
  start [--data data] [--port 9443] [--http-port 9080] [--admin-port 9180]
                             try it out: makes certificates and a configuration where there are none,
                             and serves them with a demo upstream; port 0 takes a free one
  check [-c gateway.yaml]    validate a configuration and everything it names
  explain [-c gateway.yaml | --gateway URL] --host H --path P [--method GET] [--sni S] [--cert FILE] [--listener NAME]
          [--header 'Name: value']... [--address IP] [--at TIME]
                             say why a request would be let in or refused; the certificate is what the
                             client shows, in the handshake or in a trusted proxy's header. With the URL
                             of a gateway's admin listener, what it serves now is asked, its store included
  inspect FILE... [--key FILE] [--passphrase P | --passphrase-env VARIABLE | --passphrase-file FILE]
                             show certificates, chains, PKCS#12 bundles, private keys and CRLs, and
                             what is wrong with them; - is standard input
  pki ca|server|client|bundle
                             make a CA, certificates and PKCS#12 bundles for trying things out; by
                             itself it tells its options
  store dump [--reveal] [--prefix /]
                             print the store's documents, one a line; secrets are sealed unless --reveal
  store restore FILE [--replace]
                             put the documents of a dump; - is standard input
  store rekey                seal all secrets with a new key
          [-c gateway.yaml | --folder FOLDER | --etcd URL... [--etcd-prefix P] [--user NAME]
          [--ca FILE] [--cert FILE --key FILE] [--sni NAME] [--no-verify]] [--key-file FILE]
                             the keys may also stand in SALLYPORT_STORE_KEYS, the user's password in
                             SALLYPORT_ETCD_PASSWORD
  import FILE [-c config.yaml]
                             print what APISIX's apisix.yaml or apisix.json asks for as a gateway.yaml;
                             with -c, for the listeners of a config.yaml
  version                    print the version

  --json                     for check, explain, inspect, version: for programs to read

Exit codes: 0 done, 1 the answer is no, 2 wrong use or nothing could be done.
`
