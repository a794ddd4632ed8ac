"""A directory of services in plain threads, without an event loop: names go away with the processes that had them."""

from __future__ import annotations

from letitcrash_reference import AlreadyRegisteredError, Backend, From, GenServer, NoProcessError, Runtime, StartError


class Service(GenServer[str, None, str]):
    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    async def handle_call(self, message: str, sender: From[str]) -> str:
        return f"{self.greeting}, {message}"


class Broken(GenServer[str, None, str]):
    async def init(self) -> None:
        raise OSError("no such device")


def main() -> None:
    with Runtime() as rt:
        rt.start_sync(Service("Hello"), name="english", backend=Backend.THREAD)
        rt.start_sync(Service("Bonjour"), name="french")
        print("names:", ", ".join(sorted(rt.registered())))
        print(rt.call_sync("english", "Joe"))
        print(rt.call_sync("french", "Robert"))
        try:
            rt.start_sync(Service("Hi"), name="english")
        except AlreadyRegisteredError as error:
            print(f"{error.name!r} is taken by {error.pid}")
        rt.stop_sync("english")
        try:
            rt.call_sync("english", "Joe")
        except NoProcessError as error:
            print(f"{error.target!r} is gone")
        rt.start_sync(Service("Hi"), name="english")
        print(rt.call_sync("english", "Joe"))
        try:
            rt.start_sync(Broken(), name="broken")
        except StartError as error:
            print("broken:", error.reason)
        print("names:", ", ".join(sorted(rt.registered())))


if __name__ == "__main__":
    main()
