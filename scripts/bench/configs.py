"""Configurations of other servers, with whatever could hold a benchmark back switched off or set very high."""

# No flood control, no look-ups, no limit on queues and on connections from one address.
INSPIRCD = """\
<server name="bench.example" description="bench" network="bench" id="001">
<admin name="bench" nick="bench" email="bench@bench.example">
<bind address="127.0.0.1" port="{port}" type="clients">
<power diepass="" restartpass="">
<connect name="all" allow="*" timeout="600" pingfreq="86400" hardsendq="2000000000" softsendq="2000000000"
  recvq="100000000" threshold="1000000000" commandrate="1000000000" fakelag="no" localmax="100000"
  globalmax="100000" limit="100000" maxchans="1000" maxconnwarn="no" resolvehostnames="no" useident="no">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000" quietbursts="yes">
<options defaultmodes="n" syntaxhints="no">
<security hideserver="" userstats="Pu" maxtargets="20">
<channels users="1000" opers="1000">
<pid file="{folder}/inspircd.pid">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/inspircd.log">
"""
INSPIRCD_TLS = (
    '<module name="ssl_gnutls"><sslprofile name="tls" provider="gnutls" certfile="{folder}/key.pem" '
    'keyfile="{folder}/key.pem" hash="sha256">\n'
    + INSPIRCD.replace('type="clients"', 'type="clients" sslprofile="tls"')
)
# No penalties, no look-ups, no limit on connections from one address.
NGIRCD = """\
[Global]
Name = bench.example
Info = bench
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 86400
PongTimeout = 86400
[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
"""
# Core NATS: no JetStream, nothing is stored.
NATS = """\
host: "127.0.0.1"
port: {port}
max_connections: 100000
max_pending: 2000000000
write_deadline: "600s"
ping_interval: "24h"
"""
NATS_WEBSOCKET = (
    NATS.replace("{port}", "-1")  # any
    + 'websocket: {{ host: "127.0.0.1", port: {port}, no_tls: true, compression: false }}\n'
)
