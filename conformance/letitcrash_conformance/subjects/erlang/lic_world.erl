%% The tables of one world: labels, registered names, timers. They live until the next reset.
%%
%% A label is claimed by the process that starts a probe or a supervisor, and bound by that one itself. Between the
%% two it stands in `lic_starting' together with the starter, so that nobody takes the world for quiet or for gone
%% while a process is about to be born.
-module(lic_world).

-export([create/0, clear/0, now/0]).
-export([claim/1, claim/2, unclaim/1, bind/2, born/1, pid/1, label/1, kind/1, attempt/1, holder/1]).
-export([enlist/1, dismiss/1, starting/0, strays/0]).
-export([name/1, known_name/1, text/1, names/0]).
-export([remember/2, forget/1, tick/1, remembered/0]).

-export_type([kind/0]).

-type kind() :: probe | supervisor.

%% The names of all worlds share this many atoms: an atom is never freed.
-define(MAX_NAMES, 10000).

-define(LABELS, lic_labels).      % {label, pid or starting}
-define(PIDS, lic_pids).          % {pid, label, kind}, also of the dead
-define(STARTING, lic_starting).  % {label, starter} or {helper, helper}
-define(ATTEMPTS, lic_attempts).  % {{supervisor, child id}, calls of the start function}
-define(NAMES, lic_names).        % {text, atom}
-define(ATOMS, lic_atoms).        % {atom, text}
-define(PENDING, lic_pending).    % {{owner, reference}, what}, see lic_settle
-define(TABLES, [?LABELS, ?PIDS, ?STARTING, ?ATTEMPTS, ?NAMES, ?ATOMS, ?PENDING]).

-spec create() -> ok.
create() ->
    [ets:new(Table, [set, public, named_table]) || Table <- ?TABLES],
    persistent_term:put(?MODULE, atomics:new(1, [])),
    clear().

%% Empties every table and sets the time to zero. Nobody of the old world may be alive.
-spec clear() -> ok.
clear() ->
    [ets:delete_all_objects(Table) || Table <- ?TABLES, ets:info(Table, size) > 0],
    atomics:put(persistent_term:get(?MODULE), 1, erlang:monotonic_time(millisecond)).

%% Milliseconds since the last reset.
-spec now() -> non_neg_integer().
now() ->
    erlang:monotonic_time(millisecond) - atomics:get(persistent_term:get(?MODULE), 1).

%% Takes a label for a process that the caller is about to start; false if it is taken already.
-spec claim(binary()) -> boolean().
claim(Label) -> claim(Label, self()).

%% The same for a process that somebody else is about to start.
-spec claim(binary(), pid()) -> boolean().
claim(Label, Starter) ->
    ets:insert_new(?LABELS, {Label, starting}) andalso ets:insert(?STARTING, {Label, Starter}).

%% Gives a label back; the process that it was for never ran.
-spec unclaim(binary()) -> true.
unclaim(Label) ->
    ets:delete(?LABELS, Label),
    ets:delete(?STARTING, Label).

%% Binds a claimed label to the calling process.
-spec bind(binary(), kind()) -> true.
bind(Label, Kind) ->
    ets:insert(?PIDS, {self(), Label, Kind}),
    ets:insert(?LABELS, {Label, self()}).

%% The start of this label is over, or the log knows the process: it need not be searched for any more.
-spec born(binary()) -> true.
born(Label) -> ets:delete(?STARTING, Label).

-spec pid(binary()) -> pid() | undefined.
pid(Label) ->
    case ets:lookup(?LABELS, Label) of
        [{_, Pid}] when is_pid(Pid) -> Pid;
        _ -> undefined
    end.

-spec label(pid()) -> binary() | null.
label(Pid) ->
    case ets:lookup(?PIDS, Pid) of
        [{_, Label, _}] -> Label;
        [] -> null
    end.

%% What a process is that has a label or had one when it lived.
-spec kind(pid()) -> kind() | unknown.
kind(Pid) ->
    case ets:lookup(?PIDS, Pid) of
        [{_, _, Kind}] -> Kind;
        [] -> unknown
    end.

%% Counts a call of the start function of that child of the calling supervisor.
-spec attempt(binary()) -> pos_integer().
attempt(Id) -> ets:update_counter(?ATTEMPTS, {self(), Id}, 1, {{self(), Id}, 0}).

%% The label of whoever holds the name that this atom stands for.
-spec holder(atom()) -> binary() | null.
holder(Atom) ->
    case whereis(Atom) of
        undefined -> null;
        Pid ->
            case label(Pid) of
                null ->
                    %% A server takes its name just before it is run and can bind its label.
                    erlang:yield(),
                    holder(Atom);
                Label -> Label
            end
    end.

%% Notes a helper of the harness that works in this world: until it is dismissed, or dead, the world is not quiet.
-spec enlist(pid()) -> true.
enlist(Helper) -> ets:insert(?STARTING, {Helper, Helper}).

-spec dismiss(pid()) -> true.
dismiss(Helper) -> ets:delete(?STARTING, Helper).

%% Whether any process may be on its way into this world.
-spec starting() -> boolean().
starting() ->
    case ets:info(?STARTING, size) of
        0 -> false;
        _ ->
            case lists:any(fun({_, Starter}) -> is_process_alive(Starter) end, ets:tab2list(?STARTING))
                orelse strays() =/= [] of
                true -> true;
                false ->
                    %% Whoever meant to start these was killed before, and so were they.
                    ets:delete_all_objects(?STARTING),
                    false
            end
    end.

%% The processes of the world that the log does not know yet: recognised by the group leader that they inherited.
-spec strays() -> [pid()].
strays() ->
    Leader = whereis(lic_log),
    Driver = whereis(lic_driver),
    [Pid || Pid <- processes(), Pid =/= Driver,
            process_info(Pid, group_leader) =:= {group_leader, Leader},
            not lic_log:knows(Pid)].

%% The atom that stands for a name of the wire. The atoms are the same ones in every world.
-spec name(binary()) -> atom().
name(Text) ->
    case ets:lookup(?NAMES, Text) of
        [{_, Atom}] -> Atom;
        [] -> new_name(Text, ets:info(?ATOMS, size) + 1)
    end.

new_name(_, N) when N > ?MAX_NAMES ->
    throw({bad, iolist_to_binary(io_lib:format("expected at most ~b different names between two resets, got more",
                                               [?MAX_NAMES]))});
new_name(Text, N) ->
    Atom = list_to_atom("lic_name_" ++ integer_to_list(N)),
    case ets:insert_new(?ATOMS, {Atom, Text}) of
        false -> new_name(Text, N + 1);
        true ->
            case ets:insert_new(?NAMES, {Text, Atom}) of
                true -> Atom;
                false -> ets:lookup_element(?NAMES, Text, 2)
            end
    end.

%% As name/1, but an unused name stands for an atom that is never registered.
-spec known_name(binary()) -> atom().
known_name(Text) ->
    case ets:lookup(?NAMES, Text) of
        [{_, Atom}] -> Atom;
        [] -> lic_name_of_nobody
    end.

-spec text(atom()) -> binary() | null.
text(Atom) ->
    case ets:lookup(?ATOMS, Atom) of
        [{_, Text}] -> Text;
        [] -> null
    end.

%% Every name of this world that is registered, with the label of its holder.
-spec names() -> #{binary() => binary()}.
names() ->
    maps:from_list([{Text, Label} || {Text, Atom} <- ets:tab2list(?NAMES),
                                     Label <- [holder(Atom)], is_binary(Label)]).

%% Notes what is on its way to the calling process and can be seen nowhere else.
-spec remember(reference() | binary(), tuple()) -> true.
remember(Key, What) -> ets:insert(?PENDING, {{self(), Key}, What}).

-spec forget(reference() | binary()) -> true.
forget(Key) -> ets:delete(?PENDING, {self(), Key}).

%% Counts one message of an interval timer of the calling process.
-spec tick(binary()) -> true.
tick(Key) ->
    {interval, Since, Ms, Count} = ets:lookup_element(?PENDING, {self(), Key}, 2),
    remember(Key, {interval, Since, Ms, Count + 1}).

-spec remembered() -> [{{pid(), reference() | binary()}, tuple()}].
remembered() ->
    case ets:info(?PENDING, size) of
        0 -> [];
        _ -> ets:tab2list(?PENDING)
    end.
