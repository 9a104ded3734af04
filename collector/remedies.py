"""What a person can do about each kind of error of a device."""

from collector.site import Name

UNKNOWN = Name(
    zh="查看日志中的原因；检查设备电源、网络与地址",
    en="See the reason; check the device's power, network and address",
)
NO_NAME = Name(
    zh="主机名无法解析：更正 host，或检查域名服务器",
    en="The host name is not known: correct 'host', or check the name server",
)
FOREIGN = Name(
    zh="该端口上是别的协议：更正 port，或确认设备已启用该协议",
    en="Another protocol answers on this port: correct 'port', or switch the protocol on",
)
REMEDIES = {
    "host": NO_NAME,
    "protocol": FOREIGN,
    "refused": Name(
        zh="无人监听：检查设备是否通电、host 与 port 是否正确、防火墙是否放行",
        en="Nobody takes the connection: is the device on, are 'host' and 'port' right, "
        "does a firewall stand between?",
    ),
    "timeout": Name(
        zh="无应答：检查网线与电源；port 与 unit 是否正确，端口上是否为别的协议",
        en="No answer: check cable and power; are 'port' and 'unit' right, "
        "or does another protocol answer there?",
    ),
    "gateway": Name(
        zh="网关答复目标无应答：检查 unit 与网关后的线路",
        en="The gateway reaches nobody: check 'unit' and the line behind the gateway",
    ),
    "connection": Name(
        zh="连接中断：检查网线、交换机，以及设备允许的连接数",
        en="The connection broke: check cable and switch, and how many connections it allows",
    ),
    "slow": Name(
        zh="设备应答过慢：加大 scan_s，或减少测点",
        en="The device answers too slowly: give a longer 'scan_s', or read fewer tags",
    ),
    "silent": Name(
        zh="服务器不再发布：检查服务器负载，必要时重启服务器",
        en="The server publishes nothing: check its load, restart it if need be",
    ),
}


def remedy(kind: str) -> Name:
    """Return what to do about errors of `kind`, in both languages."""
    return REMEDIES.get(kind, UNKNOWN)
