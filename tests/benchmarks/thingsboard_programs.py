"""Runs in ThingsBoard gateway's own environment: `… platform PORT` or `… gateway`."""
# mypy: ignore-errors
# ruff: noqa: PLC0415
# Another environment's Python runs this file: nothing of this project can be imported here.

import asyncio
import json
import sys


async def platform(port):
    """Be as much of the platform as the gateway needs: a broker that answers its questions.

    Without an answer about session limits the gateway reads but publishes nothing.
    """
    import paho.mqtt.client as mqtt
    from amqtt.broker import Broker

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    await broker.start()
    limits = {"messages": "0:0,", "telemetryMessages": "0:0,", "telemetryDataPoints": "0:0,"}
    session = {
        "maxPayloadSize": 65536,
        "maxInflightMessages": 1000,
        "rateLimits": limits,
        "gatewayRateLimits": limits,
    }

    def answer(client, _, message):
        topic, _, number = message.topic.rpartition("/")
        if topic == "v1/devices/me/rpc/request":
            client.publish(f"v1/devices/me/rpc/response/{number}", json.dumps(session))
        elif topic == "v1/devices/me/attributes/request":
            client.publish(f"v1/devices/me/attributes/response/{number}", "{}")

    listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    listener.on_message = answer
    await asyncio.to_thread(listener.connect, "127.0.0.1", port)
    listener.subscribe("v1/devices/me/rpc/request/+")
    listener.subscribe("v1/devices/me/attributes/request/+")
    listener.loop_start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def gateway():
    """Run the gateway, over MQTT 3.1.1: the broker that pip installs speaks no newer one."""
    import paho.mqtt.client as mqtt

    class OlderClient(mqtt.Client):
        def __init__(self, *words, **named):
            super().__init__(*words, **{**named, "protocol": mqtt.MQTTv311})

    mqtt.Client = OlderClient
    from thingsboard_gateway import tb_gateway
    from thingsboard_gateway.tb_utility.tb_updater import TBUpdater

    TBUpdater.check_for_new_version = lambda _: None  # a measurement asks nobody outside
    sys.argv[1:] = []  # it would take any word for a wish to be reloaded
    tb_gateway.main()


if __name__ == "__main__":
    if sys.argv[1] == "platform":
        asyncio.run(platform(int(sys.argv[2])))
    else:
        gateway()
