%% JSON both ways. Objects are maps with binary keys, texts are UTF-8 binaries, and there are integers of any size,
%% floats, lists, `true', `false' and `null'. (OTP has a `json' module from version 27 on only.)
-module(lic_json).

-export([decode/1, encode/1]).

-export_type([json/0]).

-type json() :: null | boolean() | number() | binary() | [json()] | #{binary() => json()}.

-spec decode(binary()) -> {ok, json()} | {error, binary()}.
decode(Text) ->
    try value(Text) of
        {Value, Rest} ->
            case space(Rest) of
                <<>> -> {ok, Value};
                More -> {error, wrong(Text, More)}
            end
    catch
        throw:{unexpected, More} -> {error, wrong(Text, More)};
        throw:{bad, Message} -> {error, Message}
    end.

wrong(_, <<>>) ->
    <<"the line ends in the middle of a JSON value">>;
wrong(Text, More) ->
    iolist_to_binary(io_lib:format("not JSON at byte ~b of the line", [byte_size(Text) - byte_size(More) + 1])).

value(<<$", Rest/binary>>) -> text(Rest, Rest, 0);
value(<<${, Rest/binary>>) -> first_member(space(Rest));
value(<<$[, Rest/binary>>) -> first_element(space(Rest));
value(<<C, _/binary>> = Bin) when C >= $0, C =< $9; C =:= $- -> number(Bin);
value(<<"null", Rest/binary>>) -> {null, Rest};
value(<<"true", Rest/binary>>) -> {true, Rest};
value(<<"false", Rest/binary>>) -> {false, Rest};
value(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\r; C =:= $\n -> value(Rest);
value(Bin) -> throw({unexpected, Bin}).

space(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\r; C =:= $\n -> space(Rest);
space(Bin) -> Bin.

first_element(<<$], Rest/binary>>) -> {[], Rest};
first_element(Bin) -> elements(Bin, []).

elements(Bin, Acc) ->
    {Value, Rest} = value(Bin),
    case space(Rest) of
        <<$,, More/binary>> -> elements(More, [Value | Acc]);
        <<$], More/binary>> -> {lists:reverse(Acc, [Value]), More};
        More -> throw({unexpected, More})
    end.

first_member(<<$}, Rest/binary>>) -> {#{}, Rest};
first_member(Bin) -> members(Bin, []).

members(<<$", Bin/binary>>, Acc) ->
    {Key, Rest} = text(Bin, Bin, 0),
    case space(Rest) of
        <<$:, More/binary>> ->
            {Value, Behind} = value(More),
            case space(Behind) of
                <<$,, Next/binary>> -> members(space(Next), [{Key, Value} | Acc]);
                <<$}, Next/binary>> -> {maps:from_list(lists:reverse(Acc, [{Key, Value}])), Next};
                Next -> throw({unexpected, Next})
            end;
        More -> throw({unexpected, More})
    end;
members(Bin, _) -> throw({unexpected, Bin}).

%% A text without escapes is a part of the line itself.
text(<<C, Rest/binary>>, Start, Size) when C >= 32, C < 128, C =/= $", C =/= $\\ -> text(Rest, Start, Size + 1);
text(<<$", Rest/binary>>, Start, Size) -> {binary:part(Start, 0, Size), Rest};
text(<<$\\, _/binary>> = Bin, Start, Size) -> escaped(Bin, binary:part(Start, 0, Size));
text(<<C/utf8, Rest/binary>>, Start, Size) when C >= 128 -> text(Rest, Start, Size + width(C));
text(Bin, _, _) -> throw({unexpected, Bin}).

width(C) when C < 16#800 -> 2;
width(C) when C < 16#10000 -> 3;
width(_) -> 4.

escaped(<<$\\, C, Rest/binary>>, Acc) ->
    case C of
        $" -> escaped(Rest, <<Acc/binary, $">>);
        $\\ -> escaped(Rest, <<Acc/binary, $\\>>);
        $/ -> escaped(Rest, <<Acc/binary, $/>>);
        $n -> escaped(Rest, <<Acc/binary, $\n>>);
        $t -> escaped(Rest, <<Acc/binary, $\t>>);
        $r -> escaped(Rest, <<Acc/binary, $\r>>);
        $b -> escaped(Rest, <<Acc/binary, $\b>>);
        $f -> escaped(Rest, <<Acc/binary, $\f>>);
        $u -> code(Rest, Acc);
        _ -> throw({unexpected, <<C, Rest/binary>>})
    end;
escaped(<<$", Rest/binary>>, Acc) -> {Acc, Rest};
escaped(<<C, Rest/binary>>, Acc) when C >= 32, C < 128 -> escaped(Rest, <<Acc/binary, C>>);
escaped(<<C/utf8, Rest/binary>>, Acc) when C >= 128 -> escaped(Rest, <<Acc/binary, C/utf8>>);
escaped(Bin, _) -> throw({unexpected, Bin}).

code(<<Hex:4/binary, Rest/binary>> = Bin, Acc) ->
    case {hex(Hex, Bin), Rest} of
        {High, <<"\\u", Hex2:4/binary, Behind/binary>>} when High >= 16#D800, High =< 16#DBFF ->
            case hex(Hex2, Rest) of
                Low when Low >= 16#DC00, Low =< 16#DFFF ->
                    C = 16#10000 + ((High - 16#D800) bsl 10) + (Low - 16#DC00),
                    escaped(Behind, <<Acc/binary, C/utf8>>);
                _ ->
                    throw({bad, <<"half a surrogate pair in a text">>})
            end;
        {Half, _} when Half >= 16#D800, Half =< 16#DFFF ->
            throw({bad, <<"half a surrogate pair in a text">>});
        {C, _} ->
            escaped(Rest, <<Acc/binary, C/utf8>>)
    end;
code(Bin, _) -> throw({unexpected, Bin}).

hex(Digits, Where) ->
    lists:foldl(fun(D, N) when D >= $0, D =< $9 -> N * 16 + D - $0;
                   (D, N) when D >= $a, D =< $f -> N * 16 + D - $a + 10;
                   (D, N) when D >= $A, D =< $F -> N * 16 + D - $A + 10;
                   (_, _) -> throw({unexpected, Where})
                end, 0, binary_to_list(Digits)).

number(<<$-, Rest/binary>> = Bin) -> whole(Rest, Bin, 1);
number(Bin) -> whole(Bin, Bin, 0).

whole(<<$0, Rest/binary>>, Bin, Size) -> after_whole(Rest, Bin, Size + 1);
whole(<<C, Rest/binary>>, Bin, Size) when C >= $1, C =< $9 -> digits(Rest, Bin, Size + 1);
whole(Rest, _, _) -> throw({unexpected, Rest}).

digits(<<C, Rest/binary>>, Bin, Size) when C >= $0, C =< $9 -> digits(Rest, Bin, Size + 1);
digits(Rest, Bin, Size) -> after_whole(Rest, Bin, Size).

after_whole(<<C, _/binary>>, Bin, _) when C =:= $.; C =:= $e; C =:= $E -> fraction(Bin);
after_whole(Rest, Bin, Size) ->
    try {binary_to_integer(binary:part(Bin, 0, Size)), Rest}
    catch error:_ -> throw({bad, <<"an integer has too many digits">>})
    end.

fraction(Bin) ->
    {match, [{0, Size}, {_, _} = Whole, {_, _} = Part, {_, _} = Power]} =
        case re:run(Bin, "^(-?[0-9]+)(\\.[0-9]+)?([eE][-+]?[0-9]+)?") of
            {match, [All, W]} -> {match, [All, W, {0, 0}, {0, 0}]};
            {match, [All, W, P]} -> {match, [All, W, P, {0, 0}]};
            Found -> Found
        end,
    {_, Rest} = split_binary(Bin, Size),
    Decimals = case part(Bin, Part) of <<>> -> <<".0">>; Digits -> Digits end,
    try {binary_to_float(<<(part(Bin, Whole))/binary, Decimals/binary, (part(Bin, Power))/binary>>), Rest}
    catch error:badarg -> throw({unexpected, Bin})
    end.

part(_, {-1, _}) -> <<>>;
part(Bin, Where) -> binary:part(Bin, Where).

-spec encode(json()) -> iodata().
encode(Text) when is_binary(Text) -> [$", escape(Text, Text, 0), $"];
encode(N) when is_integer(N) -> integer_to_binary(N);
encode(null) -> <<"null">>;
encode(true) -> <<"true">>;
encode(false) -> <<"false">>;
encode([]) -> <<"[]">>;
encode([First | Others]) -> [$[, encode(First), [[$,, encode(Value)] || Value <- Others], $]];
encode(Map) when is_map(Map) ->
    case [[$,, encode(Key), $:, encode(Value)] || {Key, Value} <- maps:to_list(Map)] of
        [] -> <<"{}">>;
        [[_ | First] | Others] -> [${, First, Others, $}]
    end;
encode(F) when is_float(F) -> float_to_binary(F, [short]).

escape(<<C, Rest/binary>>, Start, Size) when C >= 32, C =/= $", C =/= $\\ -> escape(Rest, Start, Size + 1);
escape(<<>>, Start, _) -> Start;
escape(<<C, Rest/binary>>, Start, Size) ->
    [binary:part(Start, 0, Size), special(C) | escape(Rest, Rest, 0)].

special($") -> <<"\\\"">>;
special($\\) -> <<"\\\\">>;
special($\n) -> <<"\\n">>;
special(C) -> io_lib:format("\\u~4.16.0b", [C]).
