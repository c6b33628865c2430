package desk;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.MethodConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;
import org.apache.dubbo.rpc.RpcException;

/**
 * Calls the desk as it is told, a line for each call: `number url method argument key=value ...`, separated by tabs. Calls
 * run side by side. An outcome is a line as well: `number result text`, `number rpc code message`, `number thrown class message`.
 */
public class DeskConsumer {
    private static final Map<String, DeskService> desks = new HashMap<>();

    public static void main(String[] none) throws Exception {
        ApplicationConfig application = new ApplicationConfig("desk-consumer");
        application.setQosEnable(false);
        DubboBootstrap.getInstance().application(application).start();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t", -1);
            new Thread(() -> tell(parts[0], outcome(parts))).start();
        }
        System.exit(0);
    }

    private static synchronized void tell(String number, String outcome) {
        System.out.println(number + "\t" + outcome.replaceAll("[\r\n]+", " "));
    }

    private static String outcome(String[] parts) {
        try {
            DeskService desk = desk(parts[1]);
            for (int index = 4; index < parts.length; index++) {
                String[] pair = parts[index].split("=", 2);
                if (pair.length == 2) RpcContext.getClientAttachment().setAttachment(pair[0], pair[1]);
            }
            return "result\t" + call(desk, parts[2], parts[3]);
        } catch (RpcException error) {
            return "rpc\t" + error.getCode() + "\t" + error.getMessage();
        } catch (Exception error) {
            return "thrown\t" + error.getClass().getSimpleName() + "\t" + error.getMessage();
        }
    }

    private static String call(DeskService desk, String method, String argument) throws Exception {
        switch (method) {
            case "greet":
                return desk.greet(argument);
            case "reflect":
                Parcel parcel = Parcel.sample(Integer.parseInt(argument));
                return String.valueOf(parcel.isLike(desk.reflect(parcel)));
            case "note":
                desk.note(argument);
                return "";
            case "notes":
                return String.join(",", desk.notes());
            case "attachment":
                String value = desk.attachment(argument);
                return value + "," + RpcContext.getClientResponseContext().getAttachment("answered-" + argument)
                    + "," + RpcContext.getClientResponseContext().getAttachment("served-by");
            default:
                desk.nothing();
                return "";
        }
    }

    /** One reference for each URL; `note` waits for no reply. */
    private static synchronized DeskService desk(String url) {
        return desks.computeIfAbsent(url, (at) -> {
            ReferenceConfig<DeskService> reference = new ReferenceConfig<>();
            reference.setInterface(DeskService.class);
            reference.setUrl(at);
            reference.setCheck(false);
            reference.setRetries(0);
            MethodConfig note = new MethodConfig();
            note.setName("note");
            note.setReturn(false);
            reference.setMethods(java.util.List.of(note));
            return reference.get();
        });
    }
}
