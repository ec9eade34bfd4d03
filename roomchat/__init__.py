"""Chat rooms in one command: a server, a terminal client, and nothing lost between them.

For programs: ``roomchat.Client``, and the events that it gives.
"""

from roomchat.client.client import Client as Client
from roomchat.client.client import ConnectionBack as ConnectionBack
from roomchat.client.client import ConnectionLost as ConnectionLost
from roomchat.client.client import Refusal as Refusal
from roomchat.errors import ConnectError as ConnectError
from roomchat.errors import Denied as Denied
from roomchat.protocol import Entered as Entered
from roomchat.protocol import Error as Error
from roomchat.protocol import Exited as Exited
from roomchat.protocol import Gap as Gap
from roomchat.protocol import Joined as Joined
from roomchat.protocol import Message as Message
from roomchat.version import __version__ as __version__
