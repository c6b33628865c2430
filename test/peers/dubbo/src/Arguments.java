import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** `--name value`, as often as wanted, and the rest. */
final class Arguments {
    private final Map<String, List<String>> named = new LinkedHashMap<>();
    final List<String> rest = new ArrayList<>();

    Arguments(String[] all) {
        for (int at = 0; at < all.length; at++) {
            if (!all[at].startsWith("--")) rest.add(all[at]);
            else named.computeIfAbsent(all[at].substring(2), name -> new ArrayList<>()).add(all[++at]);
        }
    }

    List<String> all(String name) {
        return named.getOrDefault(name, List.of());
    }

    String get(String name, String usual) {
        List<String> found = all(name);
        return found.isEmpty() ? usual : found.get(0);
    }
}
