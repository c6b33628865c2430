package desk;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of many types, with parts that it shares and a part that refers back to it. */
public class Parcel implements Serializable {
    public enum Size { SMALL, LARGE }

    public String label;
    public int number;
    public long weight;
    public double price;
    public boolean fragile;
    public byte[] seal;
    public int[] stops;
    public Date sent;
    public BigDecimal duty;
    public Size size;
    public List<Parcel> parts = new ArrayList<>();
    public Map<String, Object> notes = new LinkedHashMap<>();
    public Parcel whole;

    public static Parcel sample(int depth) {
        Parcel parcel = new Parcel();
        parcel.label = "é\uD83E\uDD80".repeat(100 * depth) + "x".repeat(40000 * depth);
        parcel.number = 262144 * depth - 17;
        parcel.weight = Long.MIN_VALUE + depth;
        parcel.price = 12.25 * depth;
        parcel.fragile = depth % 2 == 1;
        parcel.seal = new byte[20000 * depth];
        Arrays.fill(parcel.seal, (byte) 'Z');
        parcel.stops = new int[] {1, -1, 48, 2048, Integer.MIN_VALUE};
        parcel.sent = new Date(1700000000000L + depth);
        parcel.duty = new BigDecimal("123456789.0123456789");
        parcel.size = Size.LARGE;
        parcel.notes.put("null", null);
        parcel.notes.put("list", new ArrayList<>(List.of(1L, "Z", 2.5, true)));
        parcel.notes.put("map", new HashMap<>(Map.of("Z", "ZZ")));
        if (depth > 0) {
            Parcel part = sample(depth - 1);
            part.whole = parcel;
            parcel.parts.add(part);
            parcel.parts.add(part);
            parcel.notes.put("part", part);
        }
        return parcel;
    }

    /** Whether all is as it was, sharing included. */
    public boolean isLike(Parcel other) {
        return other != null && label.equals(other.label) && number == other.number && weight == other.weight
            && price == other.price && fragile == other.fragile && Arrays.equals(seal, other.seal)
            && Arrays.equals(stops, other.stops) && sent.equals(other.sent) && duty.equals(other.duty)
            && size == other.size && notes.get("list").equals(other.notes.get("list"))
            && notes.get("map").equals(other.notes.get("map")) && parts.size() == other.parts.size() && arePartsLike(other);
    }

    private boolean arePartsLike(Parcel other) {
        if (parts.isEmpty()) return true;
        Parcel part = other.parts.get(0);
        return part == other.parts.get(1) && part == other.notes.get("part") && part.whole == other
            && parts.get(0).isLike(part);
    }
}
