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
CONNECTION = Name(
    zh="连接中断：检查网线、交换机，以及设备允许的连接数",
    en="The connection broke: check cable and switch, and how many connections it allows",
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
    "connection": CONNECTION,
    "slow": Name(
        zh="设备应答过慢：加大 scan_s，或减少测点",
        en="The device answers too slowly: give a longer 'scan_s', or read fewer tags",
    ),
    "closed": CONNECTION,
    "not_connected": CONNECTION,
    "service": Name(
        zh="服务器拒绝了请求：查看原因中的状态码与服务器日志",
        en="The server refused what we asked: see the status in the reason, and the server's log",
    ),
    "garbled": Name(
        zh="服务器的报文无法解读：检查服务器版本，并把原因报给我们",
        en="The server's messages cannot be read: check its version, and report the reason to us",
    ),
    "namespace": Name(
        zh="服务器没有该命名空间：按原因中列出的更正 namespace",
        en="The server lacks the namespace: correct 'namespace' by those that the reason lists",
    ),
    "subscription_ended": Name(
        zh="服务器结束了订阅：检查服务器的订阅与会话上限，及其他客户端",
        en="The server ended our subscription: check its limits, and which other clients it has",
    ),
    "sessions": Name(
        zh="服务器会话已满：结束其他客户端的会话，或提高上限",
        en="The server has no session left: end those of other clients, or raise its limit",
    ),
    "security": Name(
        zh="服务器不提供所要求的安全：在服务器上启用 Basic256Sha256 签名并加密，或更正 security",
        en="The server lacks the security asked for: switch Basic256Sha256 SignAndEncrypt on "
        "there, or correct 'security'",
    ),
    "untrusted": Name(
        zh="不信任服务器证书：核对指纹后，把文件从 rejected 移到 trusted",
        en="The server's certificate is not trusted: compare the fingerprint, then move the file "
        "from 'rejected' to 'trusted'",
    ),
    "untrusted_us": Name(
        zh="服务器不信任我们的证书：在服务器上信任 client.der",
        en="The server does not trust us: let it trust our 'client.der'",
    ),
    "certificate": Name(
        zh="证书或私钥不可用：按原因更换文件",
        en="A certificate or key cannot be used: replace the file that the reason names",
    ),
    "certificate_ends": Name(
        zh="证书即将到期：服务器的在服务器上更新；我们的删除 client.pem 即重新生成，再让其信任",
        en="Renew it in time: the server's on the server; ours by removing 'client.pem', a new one "
        "is made then, and the server must trust it",
    ),
    "certificate_ended": Name(
        zh="证书已过期或尚未生效：更新证书，并核对两台机器的时钟",
        en="A certificate has ended or not begun: renew it, and check the clocks of both machines",
    ),
    "certificate_renewed": Name(
        zh="我们的证书已更新，正在用新证书重连：无需处理",
        en="Our certificate was renewed and is used from now on: nothing to do",
    ),
    "user": Name(
        zh="用户名或密码被拒绝：更正 user，及环境中的密码",
        en="User name or password refused: correct 'user', and the password in the environment",
    ),
    "password": Name(
        zh="没有密码：按原因把密码放进环境变量或文件",
        en="No password: put it into the environment or a file as the reason says",
    ),
    "silent": Name(
        zh="服务器不再发布：检查服务器负载，必要时重启服务器",
        en="The server publishes nothing: check its load, restart it if need be",
    ),
}


def remedy(kind: str) -> Name:
    """Return what to do about errors of `kind`, in both languages."""
    return REMEDIES.get(kind, UNKNOWN)
